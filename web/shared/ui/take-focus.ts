// A ref for the first field of what a press has just opened in the page. Mantine's data-autofocus works in dialogs only.
export const takeFocus = (element: HTMLElement | null): void => element?.focus()
