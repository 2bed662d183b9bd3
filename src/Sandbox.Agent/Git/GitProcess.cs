using Sandbox.Linux;

namespace Sandbox.Agent.Git;

/// <summary>One run of git. All members but <see cref="RunAsync"/> and <see cref="Kill"/> run on the event loop's thread.</summary>
internal sealed class GitProcess
{
    private const int ChunkSize = 16 * 1024;

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(5);

    private readonly TaskCompletionSource<int> _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly EventLoop _loop;
    private readonly ChildProcess _process;
    private readonly FileDescriptor _read;
    private readonly GitOutput _output;
    private EventLoop.Watch? _outputWatch;
    private EventLoop.Watch? _processWatch;

    private GitProcess(EventLoop loop, ChildProcess process, FileDescriptor read, GitOutput output) => (_loop, _process, _read, _output) = (loop, process, read, output);

    /// <summary>Runs git to its end.</summary>
    /// <returns>Its exit code.</returns>
    public static async Task<int> RunAsync(EventLoop loop, string program, IReadOnlyList<string> arguments, GitEnvironment settings, string directory, GitOutput output, CancellationToken cancellationToken)
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

            ChildProcessOptions options = new() { Path = program, Arguments = arguments, Environment = settings.Environment, WorkingDirectory = directory, Descriptors = descriptors };
            run = new GitProcess(loop, ChildProcess.Start(options), read, output);
        }

        loop.Post(run.Watch);
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

    private void Watch()
    {
        _outputWatch = _loop.Add(_read, ReadSome);
        _processWatch = _loop.Add(_process.Handle, End);
    }

    private void ReadSome()
    {
        byte[] buffer = new byte[ChunkSize];
        int count;
        while ((count = _read.Read(buffer)) > 0)
        {
            _output.Add(buffer.AsSpan(0, count));
        }

        if (count == 0)
        {
            _outputWatch!.Dispose();
        }
    }

    private void End()
    {
        if (_process.TryWait() is not { } status)
        {
            return;
        }

        // Does not wait for output of background helpers.
        ReadSome();
        _output.Finish();
        _outputWatch!.Dispose();
        _processWatch!.Dispose();
        _read.Dispose();
        _process.Dispose();
        _ended.SetResult(status.ExitCode);
    }
}
