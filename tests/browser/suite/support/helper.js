// Loaded by `// META: script=` in every kind of global.
self.helper = {
  // The protocol that carried the last fetch of `url`.
  async protocolOf(url) {
    const response = await fetch(url, { cache: "no-store" });
    await response.arrayBuffer();
    const entries = performance.getEntriesByName(response.url);
    return entries[entries.length - 1].nextHopProtocol;
  },
};
