// Runs in each page before its own scripts. Notes what scripts do, so that the crawl can follow; changes nothing else but the pace of timers.
(() => {
  if (window.__redoubt) return;
  const note = { routes: [], sockets: [], sinks: [], delegates: false, hashes: false, kinds: [], timers: 0, soon: 0 };
  Object.defineProperty(window, '__redoubt', { value: note, enumerable: false });
  const push = (list, item) => { if (list.length < 500 && !list.includes(item)) list.push(item); };
  // Elements that listen for clicks and the like.
  const wanted = new Set(['click', 'dblclick', 'mousedown', 'mouseup', 'mouseover', 'mouseenter', 'pointerdown', 'change',
    'input', 'submit', 'keydown', 'keyup', 'keypress', 'focus', 'touchstart', 'contextmenu']);
  const listen = EventTarget.prototype.addEventListener;
  EventTarget.prototype.addEventListener = function (kind, ...rest) {
    try {
      if (wanted.has(kind) && this instanceof Element) {
        const had = this.getAttribute('data-redoubt-on') || '';
        if (!had.split(' ').includes(kind)) this.setAttribute('data-redoubt-on', (had + ' ' + kind).trim());
      } else if (kind === 'click') note.delegates = true;
      else if (kind === 'hashchange') note.hashes = true;
      if (this === window || this === document) push(note.kinds, kind);
    } catch (e) { /* the page's own business */ }
    return listen.call(this, kind, ...rest);
  };
  for (const name of ['pushState', 'replaceState']) {
    const real = history[name];
    history[name] = function (state, title, url) {
      if (url !== undefined && url !== null) { try { push(note.routes, new URL(url, location.href).href); } catch (e) { /* no URL */ } }
      return real.apply(this, arguments);
    };
  }
  const open = window.open;
  window.open = function (url, where) {
    if (!url) return null;
    saw('url', url);
    try { push(note.routes, new URL(url, location.href).href); } catch (e) { /* no URL */ }
    // No other windows; a script of this page is one in a window that it opens, too.
    const is_here = /^_(self|top|parent)$/i.test(where || '') || /^\s*javascript:/i.test(url);
    return is_here ? open.call(window, url, '_self') : null;
  };
  const beacon = navigator.sendBeacon;
  if (beacon) {
    navigator.sendBeacon = function (url) {
      try { push(note.routes, new URL(url, location.href).href); } catch (e) { /* no URL */ }
      return beacon.apply(navigator, arguments);
    };
  }
  const Socket = window.WebSocket;
  if (Socket) {
    window.WebSocket = new Proxy(Socket, { construct(target, args) { push(note.sockets, String(args[0])); return new target(...args); } });
  }
  // Sinks of DOM XSS: what reaches them with our canary in it.
  const canary = 'rdbtc4n4ry';
  const saw = (sink, value) => {
    const text = String(value);
    if (text.toLowerCase().includes(canary)) push(note.sinks, sink + '\u0001' + text.slice(0, 2000));
  };
  const setter = (proto, name, label) => {
    const real = proto && Object.getOwnPropertyDescriptor(proto, name);
    if (!real || !real.set) return;
    Object.defineProperty(proto, name, { ...real, set(value) { saw(typeof label === 'string' ? label : label(this), value); return real.set.call(this, value); } });
  };
  const method = (proto, name, label, at) => {
    const real = proto && proto[name];
    if (!real) return;
    proto[name] = function () { for (const i of at) if (i < arguments.length) saw(label, arguments[i]); return real.apply(this, arguments); };
  };
  // The text of a script element is code, however it gets there.
  const of = (label) => (self) => (self instanceof HTMLScriptElement ? 'script' : label);
  setter(Element.prototype, 'innerHTML', of('html'));
  setter(Element.prototype, 'outerHTML', 'html');
  setter(window.ShadowRoot && ShadowRoot.prototype, 'innerHTML', 'html');
  for (const proto of [Element.prototype, window.ShadowRoot && ShadowRoot.prototype]) method(proto, 'setHTMLUnsafe', 'html', [0]);
  method(Document, 'parseHTMLUnsafe', 'html', [0]);
  setter(HTMLElement.prototype, 'innerText', of('text'));
  for (const name of ['append', 'prepend', 'appendChild', 'insertBefore', 'replaceChildren']) {
    const proto = Object.hasOwn(Element.prototype, name) ? Element.prototype : Node.prototype;
    const real = proto[name];
    if (!real) continue;
    proto[name] = function () {
      if (this instanceof HTMLScriptElement) for (const a of arguments) if (a) saw('script', a.nodeType === 3 ? a.data : a);
      return real.apply(this, arguments);
    };
  }
  method(Element.prototype, 'insertAdjacentHTML', 'html', [1]);
  method(Document.prototype, 'write', 'html', [0, 1, 2]);
  method(Document.prototype, 'writeln', 'html', [0, 1, 2]);
  method(Range.prototype, 'createContextualFragment', 'html', [0]);
  // jQuery makes a text of what has no markup, and of what has some, elements.
  const plain = Document.prototype.createTextNode;
  Document.prototype.createTextNode = function (text) {
    if (window.jQuery && !String(text).includes('<')) saw('html', text);
    return plain.apply(this, arguments);
  };
  const command = Document.prototype.execCommand;
  Document.prototype.execCommand = function (name, ui, value) {
    if (/^inserthtml$/i.test(name)) saw('html', value);
    return command.apply(this, arguments);
  };
  setter(HTMLIFrameElement.prototype, 'srcdoc', 'html');
  for (const [proto, name] of [[HTMLAnchorElement.prototype, 'href'], [HTMLIFrameElement.prototype, 'src'],
    [HTMLFormElement.prototype, 'action'], [HTMLEmbedElement.prototype, 'src'], [HTMLObjectElement.prototype, 'data'],
    [HTMLAreaElement.prototype, 'href'], [HTMLFrameElement.prototype, 'src'], [HTMLButtonElement.prototype, 'formAction'],
    [HTMLInputElement.prototype, 'formAction']]) setter(proto, name, 'url');
  setter(HTMLScriptElement.prototype, 'src', 'loaded');
  setter(HTMLBaseElement.prototype, 'href', 'loaded');
  for (const name of ['text', 'textContent', 'innerText']) setter(HTMLScriptElement.prototype, name, 'script');
  method(DOMParser.prototype, 'parseFromString', 'html', [0]);
  // Libraries that make elements of markup look other texts up.
  const lookup = (proto, name) => {
    const real = proto[name];
    proto[name] = function (what) { if (typeof what === 'string' && window.jQuery) saw('selector', what); return real.apply(this, arguments); };
  };
  for (const proto of [Document.prototype, Element.prototype, DocumentFragment.prototype]) {
    for (const name of ['querySelector', 'querySelectorAll', 'getElementsByTagName', 'getElementsByClassName', 'getElementById']) {
      if (Object.hasOwn(proto, name)) lookup(proto, name);
    }
  }
  setter(Node.prototype, 'textContent', of('text'));
  // An attribute is the sink that it stands for.
  const attribute = (self, name) => {
    const local = String(name).toLowerCase().split(':').pop();
    if (local.startsWith('on')) return 'script';
    if (local === 'srcdoc') return 'html';
    if (/^(src|href)$/.test(local) && /^(script|base)$/.test(self.localName)) return 'loaded';
    return /^(href|action|formaction)$/.test(local) || (/^(src|data)$/.test(local) && /^(i?frame|embed|object)$/.test(self.localName)) ? 'url' : 'attribute';
  };
  for (const [name, at] of [['setAttribute', 0], ['setAttributeNS', 1]]) {
    const real = Element.prototype[name];
    Element.prototype[name] = function () { saw(attribute(this, arguments[at]), arguments[at + 1]); return real.apply(this, arguments); };
  }
  // What is fetched from an address that begins with the canary may be shown.
  const fetched = (what) => {
    const url = String((what && what.url) || what);
    if (url.replace(/^(https?:)?\/\//, '').toLowerCase().startsWith(canary)) saw('fetched', url);
  };
  const get = window.fetch;
  if (get) window.fetch = function (url) { fetched(url); return get.apply(this, arguments); };
  const ask = XMLHttpRequest.prototype.open;
  XMLHttpRequest.prototype.open = function (how, url) { fetched(url); return ask.apply(this, arguments); };
  // What the page puts off is waited for, and comes four times as soon: also what that puts off again, three times and for
  // three seconds in all. Of what comes again and again, only the first time is waited for. `soon` is what comes at once.
  const pace = (delay) => Math.min(delay, Math.max(60, delay / 4));
  let spent = 0;
  let depth = 0;
  const put = new Map();
  const over = (id) => { const kind = put.get(id); if (put.delete(id)) note[kind]--; };
  const wait = window.setTimeout;
  const timer = (name) => {
    const real = window[name];
    window[name] = function (what, delay, ...rest) {
      if (typeof what === 'string') saw('script', what);
      const kind = !(delay > 60) ? 'soon' : 'timers';
      const all = spent + (Number(delay) || 0);
      const is_again = name !== 'setTimeout' && (kind === 'soon' || delay > 1500);
      if (is_again || delay > 3000 || (kind === 'timers' && (all > 3000 || depth > 2))) return real.apply(this, arguments);
      const level = depth + (kind === 'timers' ? 1 : 0);
      const is_function = typeof what === 'function';
      const id = is_function
        ? real.call(this, function () {
          [spent, depth] = [all, level];
          try { return what.apply(this, arguments); } finally { [spent, depth] = [0, 0]; over(id); }
        }, pace(delay), ...rest)
        : real.call(this, what, pace(delay), ...rest);
      if (!is_function) wait.call(window, over, (pace(delay) || 0) + 10, id);
      put.set(id, kind);
      note[kind]++;
      return id;
    };
  };
  timer('setTimeout'); timer('setInterval');
  for (const name of ['clearTimeout', 'clearInterval']) {
    const real = window[name];
    window[name] = function (id) { over(id); return real.apply(this, arguments); };
  }
  for (const name of ['requestAnimationFrame', 'requestIdleCallback']) {
    const real = window[name];
    if (!real) continue;
    window[name] = function (what, ...rest) {
      note.soon++;
      return real.call(this, function () { note.soon--; return what.apply(this, arguments); }, ...rest);
    };
  }
  const evaluate = window.eval;
  window.eval = function (text) { saw('script', text); return evaluate.call(this, text); };
  window.Function = new Proxy(window.Function, {
    construct(target, args) { args.forEach((a) => saw('script', a)); return new target(...args); },
    apply(target, self, args) { args.forEach((a) => saw('script', a)); return target.apply(self, args); },
  });
  window.print = () => {};
})();
