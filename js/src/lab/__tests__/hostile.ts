/** Names that would run a script wherever text is taken for HTML, a URL, an attribute or code. */

export const HOSTILE_TEXTS = [
  '<img src=x onerror="window.fired=1">',
  '<script>window.fired=1</script>',
  '"><svg onload=window.fired=1>',
  "'><img src=x onerror=window.fired=1>",
  'javascript:window.fired=1',
  '<iframe srcdoc="<script>parent.fired=1</script>"></iframe>',
  '<a href="javascript:window.fired=1">x</a>',
  '</title><script>window.fired=1</script>',
  '<style>@import "javascript:window.fired=1"</style>',
  '${window.fired=1}',
  '{{constructor.constructor("window.fired=1")()}}',
  '"); window.fired=1; //',
  '\u202e<b onmouseover=window.fired=1>',
  '<math><mtext></form><form><mglyph><style></math><img src onerror=window.fired=1>'
] as const;
