// Tells the page around this one what came of its tests.
add_completion_callback((tests, status) => {
  const subtests = tests.map(({ name, status, message }) => ({ name, status, message }));
  const result = { page: location.pathname + location.search, status: status.status, message: status.message, subtests };
  if (parent !== self) parent.postMessage(result, "*");
});
