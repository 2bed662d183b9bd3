using System.Management.Automation;
using Sandbox.Client;
using Sandbox.Protocol;

namespace Sandbox;

/// <content>Creating and removing drives.</content>
public sealed partial class SandboxProvider
{
    /// <inheritdoc />
    protected override object NewDriveDynamicParameters() => new NewDriveParameters();

    /// <inheritdoc />
    protected override PSDriveInfo NewDrive(PSDriveInfo drive)
    {
        ArgumentNullException.ThrowIfNull(drive);
        if (drive is SandboxDriveInfo known)
        {
            return known;
        }

        SandboxTarget target = TargetOf(DynamicParameters as NewDriveParameters ?? new());
        string root = RootOf(drive);
        FileEntry entry = _requests.Wait(token => new RemotePath(target, root).GetAsync(follow: true, token));
        if (entry.Type != FileKind.Directory)
        {
            ApiException failure = new(ErrorCodes.NotADirectory, $"'{root}' is not a directory in the sandbox, so it cannot be the root of a drive.");
            throw ProviderRequests.Failure(Errors.From(failure, root));
        }

        // Without automatic creation: a removed sandbox is not created again.
        return new SandboxDriveInfo(drive, new SandboxTarget(target.Sandbox), entry.ExactPath, ModuleState.Current.Changes);
    }

    // When the current location is on a sandbox drive, the engine resolves a relative root: then it begins with the name of that drive.
    private string RootOf(PSDriveInfo drive)
    {
        string root = drive.Root.Length == 0 ? "/" : drive.Root;
        return SessionState.Drive.Current is SandboxDriveInfo current && root.StartsWith(current.Name + "/", StringComparison.OrdinalIgnoreCase)
            ? current.RemotePathOf(root).Path
            : root;
    }

    /// <summary>Removes a drive. Makes no request: the sandbox may no longer exist.</summary>
    protected override PSDriveInfo RemoveDrive(PSDriveInfo drive) => drive;

    private SandboxTarget TargetOf(NewDriveParameters parameters)
    {
        SessionReference? session = Single(parameters.Session);
        SandboxReference? sandbox = Single(parameters.Sandbox);
        if (session?.SandboxId is { } own && sandbox is not null && own != sandbox.Id)
        {
            throw ProviderRequests.Failure(Errors.SandboxMismatch(session.ToString(), sandbox.Id));
        }

        ModuleState state = ModuleState.Current;
        SandboxClient client = ClientOf(state, session?.Server ?? sandbox?.Server);
        return (session?.SandboxId ?? sandbox?.Id) is { } id
            ? new SandboxTarget(client.Sandbox(id).Session(session?.Id))
            : new SandboxTarget(client.Sandbox(state.DefaultSandbox).Session(session?.Id), warnings => _requests.Warn(state.Warnings.TakeNew(warnings)));
    }

    private static T? Single<T>(T[]? references)
        where T : class
    {
        if (references is { Length: > 1 })
        {
            throw ProviderRequests.Failure(Errors.InvalidArgument("A drive has exactly one sandbox and session.", null));
        }

        return references?[0];
    }

    private SandboxClient ClientOf(ModuleState state, string? server) => _requests.Wait(async token =>
        (server is null ? await state.Clients.GetDefaultAsync(state.Connection, _ => { }, token) : state.Clients.Get(server)).WithTrace(state.Changes.Note));
}
