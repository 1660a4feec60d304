// Placeholder.
export function MakeViewScreen() {
  return (
    <div className="tm-page">
      <h1>MakeViewScreen</h1>
    </div>
  )
}
