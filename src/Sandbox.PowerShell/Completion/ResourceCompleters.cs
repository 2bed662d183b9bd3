using System.Globalization;
using Sandbox.Client;
using Sandbox.Protocol;

namespace Sandbox;

/// <summary>Completes ids of sandboxes.</summary>
public sealed class SandboxCompleter : ServerCompleter
{
    private protected override async Task<IEnumerable<Suggestion>> FindAsync(SandboxClient client, BoundArguments bound, CancellationToken cancellationToken) =>
        (await client.GetSandboxesAsync(cancellationToken)).Select(sandbox => new Suggestion(sandbox.Id, $"{sandbox.State}, {sandbox.Engine}"));
}

/// <summary>Completes ids of resources: of the sandbox that is named; else those of the default sandbox as they are, and all as <c>sandbox/id</c>.</summary>
public abstract class ResourceCompleter : ServerCompleter
{
    private protected abstract Task<IEnumerable<Suggestion>> ListAsync(SandboxClient client, string sandbox, CancellationToken cancellationToken);

    private protected override async Task<IEnumerable<Suggestion>> FindAsync(SandboxClient client, BoundArguments bound, CancellationToken cancellationToken)
    {
        if (bound.Sandbox is { IsPattern: false } named)
        {
            return await TryListAsync(client, named.Id, cancellationToken);
        }

        SandboxInfo[] running = [.. (await client.GetSandboxesAsync(cancellationToken)).Where(sandbox => sandbox.State == SandboxState.Running)];
        Suggestion[][] found = await Task.WhenAll(running.Select(sandbox => TryListAsync(client, sandbox.Id, cancellationToken)));
        (string Sandbox, Suggestion Found)[] all = [.. running.Zip(found).SelectMany(pair => pair.Second.Select(one => (pair.First.Id, one)))];
        return
        [
            .. all.Where(one => one.Sandbox == bound.DefaultSandbox).Select(one => one.Found),
            .. all.Select(one => one.Found with { Text = $"{one.Sandbox}/{one.Found.Text}" }),
        ];
    }

    // When listing many sandboxes, one that is being removed must not hide the others.
    private async Task<Suggestion[]> TryListAsync(SandboxClient client, string sandbox, CancellationToken cancellationToken)
    {
        try
        {
            return [.. await ListAsync(client, sandbox, cancellationToken)];
        }
        catch (ApiException)
        {
            return [];
        }
    }
}

/// <summary>Completes ids of sessions.</summary>
public sealed class SessionCompleter : ResourceCompleter
{
    private protected override async Task<IEnumerable<Suggestion>> ListAsync(SandboxClient client, string sandbox, CancellationToken cancellationToken) =>
        (await client.Sandbox(sandbox).GetSessionsAsync(wake: false, cancellationToken)).Select(session =>
            new Suggestion(session.Id, session.RunningCommand is { } running ? $"{session.State}, {running.Command}" : $"{session.State}, {session.Cwd}"));
}

/// <summary>Completes ids of code contexts.</summary>
public sealed class ContextCompleter : ResourceCompleter
{
    private protected override async Task<IEnumerable<Suggestion>> ListAsync(SandboxClient client, string sandbox, CancellationToken cancellationToken) =>
        (await client.Sandbox(sandbox).GetContextsAsync(cancellationToken))
            .Select(context => new Suggestion(context.Id, $"{context.Language}, {context.State}, {context.Cwd}"));
}

/// <summary>Completes ids of processes, of the sandbox that is named.</summary>
public sealed class ProcessCompleter : ServerCompleter
{
    private protected override async Task<IEnumerable<Suggestion>> FindAsync(SandboxClient client, BoundArguments bound, CancellationToken cancellationToken) =>
        (await client.Sandbox(bound.SandboxId).GetProcessesAsync(includeCommands: false, wake: false, cancellationToken))
            .Select(process => new Suggestion(process.Id, $"{process.State}, {process.Command}"));
}

/// <summary>Completes the ports on which programs of the sandbox listen.</summary>
public sealed class PortCompleter : ServerCompleter
{
    private protected override async Task<IEnumerable<Suggestion>> FindAsync(SandboxClient client, BoundArguments bound, CancellationToken cancellationToken) =>
        (await client.Sandbox(bound.SandboxId).Session(bound.Session?.Id).GetPortsAsync(wake: false, cancellationToken))
            .Select(port => new Suggestion(port.ToString(CultureInfo.InvariantCulture), $"a program in '{bound.SandboxId}' listens", IsNumber: true));
}

/// <summary>Completes names of environment variables, of the session or sandbox that is named.</summary>
public sealed class VariableCompleter : ServerCompleter
{
    private protected override async Task<IEnumerable<Suggestion>> FindAsync(SandboxClient client, BoundArguments bound, CancellationToken cancellationToken)
    {
        EnvironmentState state = await client.Sandbox(bound.SandboxId).Session(bound.Session?.Id)
            .GetEnvironmentAsync(reveal: false, wake: false, cancellationToken);
        return state.Env.Keys.Order(StringComparer.Ordinal)
            .Select(name => new Suggestion(name, state.Secrets.Contains(name) ? "a secret" : state.Env[name] ?? ""));
    }
}
