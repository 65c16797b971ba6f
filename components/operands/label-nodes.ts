/** Seconds between two looks at the nodes. */
export const LABEL_INTERVAL_SECONDS = 15;

/** Where the pod finds the template; its content follows the ConfigMap while the pod runs. */
export const TABLE_DIRECTORY = "/etc/gpu-zones/node-pools";

/** Key of the template in the ConfigMap of pools. */
export const TEMPLATE_KEY = "node-labels.gotmpl";

/**
 * The labeller's loop, for a POSIX shell and kubectl alone. A cluster that does not answer is asked again in the next
 * round, for as long as it takes; a patch that is refused because the node changed meanwhile is made anew then, too.
 */
export const LABEL_NODES_SCRIPT = `#!/bin/sh
# One writer of node labels in a zone: gives the nodes of its pools the labels that NVIDIA's operands wait for.
tab=$(printf '\\t')
set -u
trap 'exit 0' TERM INT
while :; do
  kubectl get nodes --request-timeout=30s --output=go-template-file="$TABLE_DIRECTORY/${TEMPLATE_KEY}" |
    while IFS="$tab" read -r node patch; do
      kubectl patch node "$node" --request-timeout=30s --type=merge --patch="$patch"
    done
  # In the background, so that a signal is heard at once.
  sleep "$INTERVAL_SECONDS" &
  wait $!
done
`;
