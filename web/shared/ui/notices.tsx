// Where notices appear. A file of its own, so that main.tsx can load it after the first screen: nothing is said before that.
export { Notifications as default } from '@mantine/notifications'
