// Placeholder.
export function EditViewScreen() {
  return (
    <div className="tm-page">
      <h1>EditViewScreen</h1>
    </div>
  )
}
