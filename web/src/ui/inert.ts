// Controls that would hide, reorder or break text: C0 and C1 but tab and newline, soft hyphen, zero width, bidi, tags.
// eslint-disable-next-line no-control-regex
const tricks = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]|\u{e0001}|[\u{e0020}-\u{e007f}]/gu

/** Text of strangers with what can't be seen made visible, so that it reads as it is. */
export const inert = (text: string) =>
  text.replace(tricks, (c) => {
    const code = c.codePointAt(0)!
    return code > 0xffff ? `\\u{${code.toString(16)}}` : `\\u${code.toString(16).padStart(4, '0')}`
  })
