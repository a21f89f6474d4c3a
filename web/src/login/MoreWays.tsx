import { useMutation, useQuery } from "@tanstack/react-query";
import { address, call } from "../api/client.ts";
import { canUsePasskeys, logInWithPasskey } from "../api/passkeys.ts";
import type { Session } from "../api/types.ts";
import { Icon } from "../icons/Icon.tsx";
import { messages } from "../text/messages.ts";

interface Ways {
  passkey: boolean;
  oidc: string | null;
}

/** What there is besides the password: a passkey, and the identity provider. */
export function MoreWays({ onDone }: { onDone: (session: Session) => void }) {
  const ways = useQuery({
    queryKey: ["login-ways"],
    queryFn: () => call<Ways>("v1/session/ways"),
    staleTime: Number.POSITIVE_INFINITY,
    retry: false,
  });
  const passkey = useMutation({ mutationFn: logInWithPasskey, onSuccess: onDone });
  if (!ways.data) return null;
  return (
    <div className="more-ways">
      {passkey.isError && (
        <p className="wrong" role="alert">
          <Icon name="fail" />
          {messages.account.passkeyStopped}
        </p>
      )}
      {ways.data.oidc && (
        <a className="btn" href={address("v1/oidc/login")}>
          {ways.data.oidc}
        </a>
      )}
      {ways.data.passkey && canUsePasskeys() && (
        <button
          type="button"
          className="btn"
          disabled={passkey.isPending}
          onClick={() => passkey.mutate()}
        >
          <Icon name="key" />
          {messages.account.byPasskey}
        </button>
      )}
    </div>
  );
}
