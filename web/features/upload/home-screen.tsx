// Placeholder.
export function HomeScreen() {
  return (
    <div className="tm-page">
      <h1>HomeScreen</h1>
    </div>
  )
}
