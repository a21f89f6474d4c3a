/** The two snippets of the first-run page. They run as they stand, with the key in place. */

const single = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;

export function curlSnippet(base: string, key: string): string {
  return [
    `curl -sS ${single(`${base}v1/events`)} \\`,
    `  -H ${single(`Authorization: Bearer ${key}`)} \\`,
    "  -H 'Content-Type: application/json' \\",
    `  -d '{"operation": "SendFirstEvent", "method": "POST", "endpoint": "/hello", "status": 200,`,
    `       "actor": {"kind": "user", "email": "you@example.com"}}'`,
  ].join("\n");
}

export function pythonSnippet(base: string, key: string): string {
  return [
    "import json, urllib.request",
    "",
    "event = {",
    '    "operation": "SendFirstEvent", "method": "POST", "endpoint": "/hello", "status": 200,',
    '    "actor": {"kind": "user", "email": "you@example.com"},',
    "}",
    "request = urllib.request.Request(",
    `    ${JSON.stringify(`${base}v1/events`)},`,
    "    data=json.dumps(event).encode(),",
    `    headers={"Authorization": ${JSON.stringify(`Bearer ${key}`)},`,
    '             "Content-Type": "application/json"},',
    ")",
    "print(urllib.request.urlopen(request).read().decode())",
  ].join("\n");
}
