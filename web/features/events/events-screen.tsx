// Placeholder.
export function EventsScreen() {
  return (
    <div className="tm-page">
      <h1>EventsScreen</h1>
    </div>
  )
}
