namespace Sandbox;

/// <summary>Completes <c>-Path</c> of <c>Copy-SandboxItem</c>: in the sandbox that is copied from, or here.</summary>
public sealed class CopyPathCompleter : PathCompleter
{
    private protected override bool IsInside(BoundArguments bound) => !IsTo(bound) || IsFrom(bound);

    private protected override (SessionReference? Session, SandboxReference? Sandbox) PlaceOf(BoundArguments bound) => (bound.SessionOf("FromSession"), bound.SandboxOf("FromSandbox"));

    private static bool IsTo(BoundArguments bound) => bound.Has("ToSession") || bound.Has("ToSandbox");

    private static bool IsFrom(BoundArguments bound) => bound.Has("FromSession") || bound.Has("FromSandbox");
}

/// <summary>Completes <c>-Destination</c> of <c>Copy-SandboxItem</c>: in the sandbox that is copied to, or here.</summary>
public sealed class CopyDestinationCompleter : PathCompleter
{
    private protected override bool IsInside(BoundArguments bound) =>
        bound.Has("ToSession") || bound.Has("ToSandbox") || !(bound.Has("FromSession") || bound.Has("FromSandbox"));

    private protected override (SessionReference? Session, SandboxReference? Sandbox) PlaceOf(BoundArguments bound) => (bound.SessionOf("ToSession"), bound.SandboxOf("ToSandbox"));
}
