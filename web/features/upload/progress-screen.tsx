// Placeholder.
export function ProgressScreen() {
  return (
    <div className="tm-page">
      <h1>ProgressScreen</h1>
    </div>
  )
}
