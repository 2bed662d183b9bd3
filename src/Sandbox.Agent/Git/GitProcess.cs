using Sandbox.Linux;

namespace Sandbox.Agent.Git;

/// <summary>One run of git. All members but <see cref="RunAsync"/> and <see cref="Kill"/> run on the event loop's thread.</summary>
internal sealed class GitProcess
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(5);

    private readonly TaskCompletionSource<int> _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly ChildProcess _process;
    private readonly PipeSource<IBackpressure> _source;
    private readonly GitOutput _output;
    private EventLoop.Watch? _processWatch;

    private GitProcess(EventLoop loop, ChildProcess process, PipeSource<IBackpressure> source, GitOutput output)
    {
        (_process, _source, _output) = (process, source, output);
        loop.Post(() => _processWatch = loop.Add(process.Handle, OnExited));
    }

    /// <summary>Runs git to its end.</summary>
    /// <returns>Its exit code.</returns>
    public static async Task<int> RunAsync(
        EventLoop loop, string program, IReadOnlyList<string> arguments,
        GitEnvironment settings, string directory, GitOutput output, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        FileDescriptor.CreatePipe(out FileDescriptor read, out FileDescriptor write, nonBlockingRead: true);
        GitProcess run;
        using (write)
        using (FileDescriptor nothing = FileDescriptor.OpenToRead("/dev/null"))
        using (FileDescriptor? credential = PipeWith(settings.Credential))
        {
            Dictionary<int, FileDescriptor> descriptors = new() { [0] = nothing, [1] = write, [2] = write };
            if (credential is not null)
            {
                descriptors[GitEnvironment.CredentialDescriptor] = credential;
            }

            ChildProcessOptions options =
                new() { Path = program, Arguments = arguments, Environment = settings.Environment, WorkingDirectory = directory, Descriptors = descriptors };
            ChildProcess process = ChildProcess.Start(options);
            run = new GitProcess(loop, process, new PipeSource<IBackpressure>(read, loop, (_, data) => output.Add(data)), output);
        }

        int code;
        await using (cancellationToken.Register(run.Kill))
        {
            code = await run._ended.Task;
        }

        while (cancellationToken.IsCancellationRequested && run.Rest().Any())
        {
            // Its children must be gone before the caller cleans up.
            run.Kill();
            await Task.Delay(Pause, CancellationToken.None);
        }

        cancellationToken.ThrowIfCancellationRequested();
        return code;
    }

    // The content fits into the pipe, which nobody can write to any more.
    private static FileDescriptor? PipeWith(byte[]? content)
    {
        if (content is null)
        {
            return null;
        }

        FileDescriptor.CreatePipe(out FileDescriptor read, out FileDescriptor write);
        using (write)
        {
            write.WriteAll(content);
        }

        return read;
    }

    private IEnumerable<ProcessEntry> Rest() => ProcessTable.All().Where(entry => entry.SessionId == _process.Id && entry.IsAlive);

    private void Kill()
    {
        foreach (ProcessEntry entry in Rest())
        {
            ProcessTable.Send(entry, Signal.KILL);
        }
    }

    private void OnExited()
    {
        if (_process.TryWait() is not { } status)
        {
            return;
        }

        // Does not wait for output of background helpers.
        _source.Drain();
        _output.Finish();
        _source.Dispose();
        _processWatch!.Dispose();
        _process.Dispose();
        _ended.SetResult(status.ExitCode);
    }
}
