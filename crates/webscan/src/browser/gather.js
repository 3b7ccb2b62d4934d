// Gathers what a page has now: its document with shadow trees, links, routes, sockets, and what can be clicked.
(() => {
  const note = window.__redoubt || { routes: [], sockets: [], sinks: [] };
  const links = new Set();
  const targets = [];
  const path = (element) => {
    const parts = [];
    for (let e = element; e && e.nodeType === 1 && parts.length < 40;) {
      const siblings = e.parentNode ? Array.from(e.parentNode.children || []) : [];
      parts.unshift(e.localName + ':' + siblings.indexOf(e));
      e = e.parentNode instanceof ShadowRoot ? (parts.unshift('#shadow'), e.parentNode.host) : e.parentNode;
    }
    return parts.join('/');
  };
  const takesClicks = (element) => {
    if (note.delegates || document.onclick || window.onclick) return true;
    for (let e = element; e; e = e.parentElement) {
      if (e.onclick || (e.getAttribute('data-redoubt-on') || '').split(' ').includes('click')) return true;
    }
    return false;
  };
  const serialise = (root) => {
    let extra = '';
    const walk = (node) => {
      if (node.shadowRoot) { extra += '<div data-redoubt-shadow>' + node.shadowRoot.innerHTML + '</div>'; visit(node.shadowRoot); }
      for (const child of node.children || []) walk(child);
    };
    const visit = (scope) => {
      for (const e of scope.querySelectorAll('a[href], area[href]')) { if (typeof e.href === 'string') links.add(e.href); }
      // What scripts have put into fields is what a visitor would send; what was typed by act.js is not the page's.
      for (const e of scope.querySelectorAll('input:not([value]):not([data-redoubt-filled])')) {
        if (e.value && !['password', 'file', 'checkbox', 'radio'].includes(e.type)) e.setAttribute('value', e.value);
      }
      for (const e of scope.querySelectorAll('*')) {
        const on = (e.getAttribute('data-redoubt-on') || '').split(' ').filter(Boolean);
        for (const a of e.attributes) if (a.name.startsWith('on') && a.name.length > 3) on.push(a.name.slice(2));
        const href = e.getAttribute('href') || '';
        const plain = ['button', 'summary', 'option'].includes(e.localName) || e.getAttribute('role') === 'button' || e.getAttribute('role') === 'tab' ||
          (e.localName === 'a' && (href.startsWith('#') || href.startsWith('javascript:') || !e.hasAttribute('href'))) ||
          (e.localName === 'input' && ['submit', 'button', 'checkbox', 'radio', 'image'].includes(e.type)) || (e.localName === 'select');
        // A link to another page is followed by its address, unless a script takes the click.
        const link = takesClicks(e) ? null : e.closest('a[href], area[href]');
        const followed = link !== null && !/^\s*(#|javascript:)/i.test(link.getAttribute('href'));
        const cursor = on.length === 0 && !plain && !followed && e.children.length === 0 && e.textContent.trim() && getComputedStyle(e).cursor === 'pointer';
        if ((on.length || plain || cursor) && targets.length < 200) {
          targets.push({ path: path(e), text: (e.textContent || e.value || '').trim().slice(0, 60), on: on.length ? on : ['click'], kind: e.localName, href });
        }
      }
      if (scope.children) for (const child of scope.children) walk(child);
    };
    visit(root);
    return extra;
  };
  const extra = serialise(document);
  const frames = Array.from(document.querySelectorAll('iframe[srcdoc]')).map((f) => f.getAttribute('srcdoc')).join('');
  const html = (document.documentElement ? document.documentElement.outerHTML : '').slice(0, 2000000) + extra + frames;
  // What the page keeps of our canary.
  const kept = (name) => { try { return Object.values(window[name]); } catch (e) { return []; } };
  for (const value of [...kept('localStorage'), ...kept('sessionStorage'), ...document.cookie.split(';')]) {
    if (String(value).toLowerCase().includes('rdbtc4n4ry') && note.sinks.length < 500) note.sinks.push('stored\u0001' + String(value).slice(0, 2000));
  }
  return JSON.stringify({ html, links: Array.from(links), routes: note.routes, sockets: note.sockets, sinks: note.sinks, targets,
    url: location.href, text: (document.body ? document.body.innerText : '').slice(0, 200000) });
})()
