/**
 * True for what kustomize would fetch instead of read: URLs, git repositories in any of their spellings.
 * Wider than kustomize's own rule, since a path that looks like a URL helps nobody.
 */
export function isRemote(reference: string): boolean {
  return (
    reference.includes("://") ||
    reference.includes("?") ||
    /^(https?|ssh|file|git):/i.test(reference) ||
    /^[^/]*@/.test(reference) ||
    /^(www\.)?(github\.com|gh)[:/]/i.test(reference)
  );
}
