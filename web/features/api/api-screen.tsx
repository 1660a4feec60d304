// Placeholder.
export function ApiScreen() {
  return (
    <div className="tm-page">
      <h1>ApiScreen</h1>
    </div>
  )
}
