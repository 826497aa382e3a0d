// Loaded by `// META: script=` in every kind of global.
self.helper = {
  // The protocol that carries a fetch of `url`.
  async protocolOf(url) {
    const response = await fetch(`${url}?${Math.random()}`, { cache: "no-store" });
    await response.arrayBuffer();
    // In workers of Firefox the entry may come after the content.
    return new Promise((resolve) => {
      const observer = new PerformanceObserver((list) => {
        const [entry] = list.getEntriesByName(response.url);
        if (entry) resolve(entry.nextHopProtocol);
      });
      observer.observe({ type: "resource", buffered: true });
    });
  },
};
