// Placeholder.
export function SettingsScreen() {
  return (
    <div className="tm-page">
      <h1>SettingsScreen</h1>
    </div>
  )
}
