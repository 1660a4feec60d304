// Placeholder.
export function PeopleScreen() {
  return (
    <div className="tm-page">
      <h1>PeopleScreen</h1>
    </div>
  )
}
