// Placeholder.
export function WebhooksScreen() {
  return (
    <div className="tm-page">
      <h1>WebhooksScreen</h1>
    </div>
  )
}
