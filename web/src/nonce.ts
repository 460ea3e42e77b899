import { setNonce } from 'get-nonce'

/** The nonce of this page's content security policy. Browsers hide the attribute, so it is read as a property. */
export const nonce = document.querySelector<HTMLMetaElement>('meta[property=csp-nonce]')?.nonce ?? ''

if (nonce) setNonce(nonce) // react-remove-scroll, which Radix uses in dialogs and menus, adds a <style>
