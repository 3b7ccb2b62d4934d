// The elements under a root, those of shadow trees among them.
const every = (root) => Array.from(root.querySelectorAll('*')).flatMap((e) => (e.shadowRoot ? [e, ...every(e.shadowRoot)] : [e]));
