// Placeholder.
export function RelationScreen() {
  return (
    <div className="tm-page">
      <h1>RelationScreen</h1>
    </div>
  )
}
