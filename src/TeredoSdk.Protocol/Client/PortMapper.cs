namespace TeredoSdk.Protocol.Client;

/// <summary>Keeps the mapping of the service port at the gateway by requests to the driver (RFC 6081 §5.3.3, §5.3.5, §5.6.3).</summary>
sealed class PortMapper(ClientContext context)
{
    ushort _persisted = context.Options.PersistedMappedPort;
    IPv4Endpoint _local;
    ushort _external; // the external port that is mapped or requested, or 0
    bool _asked;

    /// <summary>Whether the answer to MapPort is still to come.</summary>
    public bool IsPending { get; private set; }

    /// <summary>Asks for a mapping before qualification starts. Qualification does not wait for the answer.</summary>
    public void Begin()
    {
        if (!context.Options.MapPort || (_asked && _local == context.Local))
            return; // the port came back with the network, so the mapping still leads to it
        End();
        if (_persisted != 0) // §5.3.3: first removes a mapping that an earlier run left behind
            Unmap(_persisted);
        _persisted = 0;
        IsPending = _asked = true;
        _local = context.Local;
        _external = context.Local.Port;
        context.Request(new() // §5.3.3: the external port equals the local one; unlimited lifetime
        {
            Kind = ClientRequestKind.MapPort,
            Number = context.Local.Port,
            Local = context.Local,
        });
    }

    /// <summary>Takes the answer to a request, or a later change of the mapping.</summary>
    /// <returns>True when the mapping is known now.</returns>
    public bool HandleAnswer(in RequestAnswer answer)
    {
        if (answer.Kind == ClientRequestKind.MapPort && _asked)
        {
            Forget();
            IsPending = answer.Succeeded && answer.External.Address.IsUnspecified;
            _external = answer.Succeeded ? answer.External.Port : (ushort)0; // §5.3.3: qualification goes on after a failure
            if (IsPending)
                context.Request(new() { Kind = ClientRequestKind.GetExternalAddress });
            return answer.Succeeded && !IsPending && Set(answer.External);
        }
        if (answer.Kind != ClientRequestKind.GetExternalAddress || !IsPending)
            return false;
        IsPending = false;
        if (answer.Succeeded)
            return Set(new(answer.External.Address, _external));
        End(); // §5.3.3: without the external address the mapping is of no use
        return false;
    }

    /// <summary>Removes the mapping (RFC 6081 §5.3.5).</summary>
    public void End()
    {
        if (_external != 0)
            Unmap(_external);
        _external = 0;
        IsPending = _asked = false;
        Forget();
    }

    /// <summary>Called after qualification. A mapping that equals the mapped endpoint means a single NAT (RFC 6081 §5.3.3, §5.6.3).</summary>
    public void Compare()
    {
        if (context.PortMapping == context.Mapped)
            context.PortMapping = null;
    }

    void Forget()
    {
        context.IsPortMapped = false;
        context.PortMapping = null;
    }

    bool Set(IPv4Endpoint external)
    {
        context.IsPortMapped = true;
        context.PortMapping = external;
        context.Raise(new ClientEvent.PortMapped { External = external });
        return true;
    }

    void Unmap(ushort port) => context.Request(new() { Kind = ClientRequestKind.UnmapPort, Number = port });
}
