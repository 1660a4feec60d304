// Placeholder.
export function ImportScreen() {
  return (
    <div className="tm-page">
      <h1>ImportScreen</h1>
    </div>
  )
}
