/** The shape of the descriptor handed over; what QEMU does with each is in docs/architecture.md. */
export const forms = ['tap', 'dgram', 'stream', 'socket'] as const;
export type Form = (typeof forms)[number];

export function isForm(text: string): text is Form {
  return (forms as readonly string[]).includes(text);
}
