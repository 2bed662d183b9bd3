using System.ComponentModel;
using System.Text;
using Sandbox.Linux;
using Sandbox.Protocol;

namespace Sandbox.Agent.Code;

/// <summary>The process of an interpreter. Its output is that of the code, its input is empty; it talks to the agent on other channels.</summary>
internal sealed class InterpreterProcess : IDisposable
{
    private const int MaximumStartErrors = 2000;

    private readonly Lock _gate = new();
    private readonly ChildProcess _process;
    private readonly EventLoop.Watch _endWatch;
    private readonly PipeSource<RunEvents> _output;
    private readonly PipeSource<RunEvents> _error;
    private readonly TaskCompletionSource<ExitStatus> _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly string _name;
    private readonly StringBuilder _startErrors = new();
    private volatile bool _isReady;

    private InterpreterProcess(InterpreterCommand command, ChildProcess process, FileDescriptor output, FileDescriptor error, EventLoop loop)
    {
        _name = Path.GetFileName(command.Path);
        _process = process;
        _output = new PipeSource<RunEvents>(output, loop, (events, data) => events?.Add(CodeEvents.StandardOutput, data.ToArray()));
        _error = new PipeSource<RunEvents>(error, loop, OnError);
        lock (_gate)
        {
            // The callback may come before this returns.
            _endWatch = loop.Add(process.Handle, Collect);
        }
    }

    public Task<ExitStatus> Ended => _ended.Task;

    /// <exception cref="ApiException"><see cref="ErrorCodes.InterpreterFailed"/>.</exception>
    public static InterpreterProcess Start(InterpreterCommand command, IReadOnlyDictionary<int, FileDescriptor> channel, EventLoop loop)
    {
        FileDescriptor.CreatePipe(out FileDescriptor output, out FileDescriptor outputWrite, nonBlockingRead: true);
        FileDescriptor.CreatePipe(out FileDescriptor error, out FileDescriptor errorWrite, nonBlockingRead: true);
        using FileDescriptor nothing = FileDescriptor.OpenToRead("/dev/null");
        using (outputWrite)
        using (errorWrite)
        {
            try
            {
                ChildProcess process = ChildProcess.Start(new ChildProcessOptions
                {
                    Path = command.Path,
                    Arguments = command.Arguments,
                    Environment = command.Environment,
                    WorkingDirectory = command.Directory,
                    Descriptors = new Dictionary<int, FileDescriptor>(channel) { [0] = nothing, [1] = outputWrite, [2] = errorWrite },
                });
                return new InterpreterProcess(command, process, output, error, loop);
            }
            catch (Win32Exception exception)
            {
                output.Dispose();
                error.Dispose();
                throw new ApiException(
                    ErrorCodes.InterpreterFailed, $"'{command.Path}' could not be started in '{command.Directory}': {exception.Message}", exception);
            }
        }
    }

    /// <summary>From now on, standard error is the code's and not kept for <see cref="StartFailure"/>.</summary>
    public void SetReady() => _isReady = true;

    /// <summary>Assigns the output from now on to a run.</summary>
    public void Begin(RunEvents events)
    {
        _output.Begin(events);
        _error.Begin(events);
    }

    /// <summary>Reads what was printed before this call.</summary>
    public void TakeOutput()
    {
        _output.Drain();
        _error.Drain();
    }

    /// <summary>Assigns the output from now on to no run.</summary>
    public void End()
    {
        _output.End();
        _error.End();
    }

    /// <summary>Interrupts everything it started.</summary>
    /// <param name="itself">Whether the interpreter is interrupted, too.</param>
    public void Interrupt(bool itself)
    {
        lock (_gate)
        {
            if (_ended.Task.IsCompleted)
            {
                return;
            }

            // The interpreter first: otherwise it would continue after a child that has ended.
            if (itself)
            {
                _process.Send(Signal.INT);
            }

            foreach (ProcessEntry descendant in Descendants())
            {
                ProcessTable.Send(descendant, Signal.INT);
            }
        }
    }

    /// <summary>Ends it with everything it started.</summary>
    public void Kill()
    {
        lock (_gate)
        {
            if (_ended.Task.IsCompleted)
            {
                return;
            }

            // Stopped first, so that it starts nothing more.
            _process.Send(Signal.STOP);
            foreach (ProcessEntry left in Descendants().Concat(ProcessTable.All().Where(other => other.SessionId == _process.Id && other.Id != _process.Id)))
            {
                ProcessTable.Send(left, Signal.KILL);
            }

            _process.Send(Signal.KILL);
        }
    }

    /// <summary>The error of a run during which the interpreter ended.</summary>
    public CodeError EndError()
    {
        ExitStatus status = _ended.Task.Result;
        string how = status.Signal is { } signal ? $"was killed by the signal {signal}" : $"ended with the exit code {status.ExitCode}";
        return new CodeError(CodeError.InterpreterEnded, $"The interpreter {how}, and the context's state with it. The next run starts a new one.", []);
    }

    /// <summary>The error of an interpreter that ended before it was ready.</summary>
    public ApiException StartFailure()
    {
        lock (_startErrors)
        {
            string said = _startErrors.ToString().Trim();
            return new ApiException(ErrorCodes.InterpreterFailed, said.Length == 0
                ? $"'{_name}' ended before it was ready, without an error message."
                : $"'{_name}' ended before it was ready. It said: {said}");
        }
    }

    /// <inheritdoc />
    public void Dispose() => Kill();

    private void OnError(RunEvents? events, ReadOnlySpan<byte> data)
    {
        events?.Add(CodeEvents.StandardError, data.ToArray());
        if (!_isReady)
        {
            lock (_startErrors)
            {
                _startErrors.Append(Encoding.UTF8.GetString(data));
                _startErrors.Remove(0, Math.Max(0, _startErrors.Length - MaximumStartErrors));
            }
        }
    }

    private IReadOnlyList<ProcessEntry> Descendants() => ProcessTable.DescendantsOf([_process.Id], new HashSet<(int, ulong)>());

    private void Collect()
    {
        lock (_gate)
        {
            if (_process.TryWait() is { } status)
            {
                TakeOutput();
                _endWatch.Dispose();
                _output.Dispose();
                _error.Dispose();
                _ended.SetResult(status);
                _process.Dispose();
            }
        }
    }
}
