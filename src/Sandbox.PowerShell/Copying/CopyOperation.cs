using Sandbox.Client;
using Sandbox.Commands;
using Sandbox.Protocol;

namespace Sandbox;

/// <summary>The copying of one thing after another in one direction.</summary>
/// <typeparam name="T">What a source is.</typeparam>
/// <param name="cmdlet">The cmdlet.</param>
/// <param name="destination">The destination as shown to the user.</param>
internal abstract class CopyOperation<T>(CopySandboxItemCommand cmdlet, string destination)
{
    private const int TreeAttempts = 3;

    private readonly Lock _gate = new();
    private readonly List<string> _warnings = [];
    private readonly List<ApiException> _failures = [];

    /// <summary>The destination as shown to the user.</summary>
    public string Destination => destination;

    /// <summary>The cmdlet, for its parameters.</summary>
    protected CopySandboxItemCommand Options => cmdlet;

    /// <summary>Returns the source as shown to the user.</summary>
    public abstract string NameOf(T source);

    /// <summary>Copies, shows progress, and reports what fails. Belongs to the pipeline's thread.</summary>
    public void Run(CopySource<T> source)
    {
        string name = NameOf(source.Item);
        try
        {
            TransferProgress progress = new();
            object? copy = cmdlet.RunWithProgress($"Copying to '{destination}'", name, token => CopyAsync(source, progress, token), progress.Show);
            if (copy is null)
            {
                cmdlet.WriteVerbose($"Left out '{name}', which a pattern of -Exclude or -ExcludeFrom matches.");
            }
            else if (cmdlet.PassThru)
            {
                cmdlet.WriteObject(copy);
            }
        }
        catch (Exception e) when (Errors.IsExpected(e))
        {
            cmdlet.Report(e, name);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            cmdlet.WriteError(Errors.LocalFileFailed(e, name));
        }
        finally
        {
            lock (_gate)
            {
                _warnings.ForEach(cmdlet.WriteWarning);
                _warnings.Clear();
                _failures.ForEach(failure => cmdlet.Report(failure, name));
                _failures.Clear();
            }
        }
    }

    /// <summary>Returns whether a directory is at the destination, which <c>-Force</c> creates.</summary>
    public abstract Task<bool> IsDirectoryAsync(IEnumerable<T> sources, CancellationToken cancellationToken);

    /// <summary>Copies a source and returns the new item; null when a pattern excludes it.</summary>
    protected abstract Task<object?> CopyAsync(CopySource<T> source, TransferProgress progress, CancellationToken cancellationToken);

    /// <summary>Returns whether a directory of a sandbox is there, which <c>-Force</c> creates.</summary>
    protected async Task<bool> IsDirectoryAsync(RemotePath place, CancellationToken cancellationToken)
    {
        if (cmdlet.Force && await place.TryGetAsync(follow: true, cancellationToken) is null)
        {
            await place.MakeDirectoryAsync(isNew: false, cancellationToken);
        }

        return await place.TryGetAsync(follow: true, cancellationToken) is { Type: FileKind.Directory };
    }

    /// <summary>Reports a skipped item. Thread-safe.</summary>
    protected void Warn(string warning)
    {
        lock (_gate)
        {
            _warnings.Add(warning);
        }
    }

    /// <summary>Reports an item that could not be copied. Thread-safe.</summary>
    protected void Fail(ApiException failure)
    {
        lock (_gate)
        {
            _failures.Add(failure);
        }
    }

    /// <summary>Rejects a directory without <c>-Recurse</c>.</summary>
    protected void RequireRecurse(string name)
    {
        if (!cmdlet.Recurse)
        {
            throw new ApiException(ErrorCodes.IsADirectory, $"'{name}' is a directory. Use -Recurse to copy it.");
        }
    }

    /// <summary>Runs an operation and repeats it after a broken connection.</summary>
    /// <param name="progress">Is reset for each attempt.</param>
    /// <param name="action">The operation.</param>
    /// <param name="cancellationToken">Cancels the operation.</param>
    protected static async Task RepeatAsync(TransferProgress progress, Func<Task> action, CancellationToken cancellationToken)
    {
        for (int left = TreeAttempts - 1; ; left--)
        {
            try
            {
                progress.Restart();
                await action();
                return;
            }
            catch (ConnectionLostException) when (left > 0 && !cancellationToken.IsCancellationRequested)
            {
                // Start again from the beginning.
            }
        }
    }
}
