// Placeholder.
export function SchedulesScreen() {
  return (
    <div className="tm-page">
      <h1>SchedulesScreen</h1>
    </div>
  )
}
