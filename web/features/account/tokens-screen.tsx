// Placeholder.
export function TokensScreen() {
  return (
    <div className="tm-page">
      <h1>TokensScreen</h1>
    </div>
  )
}
