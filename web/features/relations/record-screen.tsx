// Placeholder.
export function RecordScreen() {
  return (
    <div className="tm-page">
      <h1>RecordScreen</h1>
    </div>
  )
}
