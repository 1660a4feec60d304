// Placeholder.
export function NoWorkspaceScreen() {
  return (
    <div className="tm-page">
      <h1>NoWorkspaceScreen</h1>
    </div>
  )
}
