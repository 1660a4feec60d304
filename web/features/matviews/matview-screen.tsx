// Placeholder.
export function MatviewScreen() {
  return (
    <div className="tm-page">
      <h1>MatviewScreen</h1>
    </div>
  )
}
