using Sandbox.Agent.Commands;
using Sandbox.Agent.Sessions;
using Sandbox.Linux;
using Sandbox.Protocol;

namespace Sandbox.Agent.Api;

/// <summary><c>…/exec</c> and <c>…/process</c>: starts, lists, signals and removes commands and processes, and reads and writes their streams.</summary>
internal static class ProcessRoutes
{
    public static void Map(IEndpointRouteBuilder routes, CommandRegistry commands, SessionRegistry sessions)
    {
        routes.Map(Routes.Execute, context => ExecRoute.InvokeAsync(context, commands, sessions))
            .WithMetadata(new InlineEndpoint(), new SessionHeaderMiddleware.Exempt());
        routes.Map(Routes.StartProcess, context => StartAsync(context, commands, sessions));
        routes.Map(Routes.ListProcesses, context => ListAsync(context, commands));
        routes.Map(Routes.DeleteEndedProcesses, context => ForgetEndedAsync(context, commands));
        routes.Map(Routes.SignalProcesses, context => SignalAllAsync(context, commands));
        routes.Map(Routes.GetProcess, context => JsonBody.WriteAsync(context, Find(context, commands).ToInfo(), ProtocolJson.Default.ProcessInfo));
        routes.Map(Routes.DeleteProcess, context => ForgetAsync(context, commands));
        routes.Map(Routes.WriteInput, context => WriteInputAsync(context, Find(context, commands))).WithMetadata(new UnlimitedBody());
        routes.Map(Routes.SignalProcess, context => SignalAsync(context, commands));
        routes.Map(Routes.ReadOutput, context => ReadOutputAsync(context, Find(context, commands)));
        routes.Map(Routes.WaitForProcess, context => WaitRoute.InvokeAsync(context, Find(context, commands)));
    }

    private static Command Find(HttpContext context, CommandRegistry commands) => commands.Get(context.RouteValue("process"));

    private static async Task StartAsync(HttpContext context, CommandRegistry commands, SessionRegistry sessions)
    {
        ExecRequest request = await JsonBody.ReadAsync(context, ProtocolJson.Default.ExecRequest);
        RequestValidator.Validate(request);
        string? sessionId = context.SessionId();
        Session? origin = sessions.Find(sessionId);
        Session session = sessions.CreateEphemeral(origin);
        string directory = WorkingDirectory.ResolveExisting(request.Cwd, session.WorkingDirectory);
        Command process = commands.AddProcess(context.ProcessId(), sessionId ?? origin?.Id, directory, request, session);
        try
        {
            session.Enqueue(process);
        }
        catch
        {
            commands.Remove(process);
            throw;
        }

        await JsonBody.WriteAsync(context, process.ToInfo(), ProtocolJson.Default.ProcessInfo);
    }

    private static Task ListAsync(HttpContext context, CommandRegistry commands)
    {
        bool includesCommands = context.QueryFlag("commands");
        IEnumerable<Command> found = commands.All().Where(command => includesCommands || command.Kind == ProcessKind.Process);
        return JsonBody.WriteAsync(context, new ProcessList([.. found.Select(command => command.ToInfo())]), ProtocolJson.Default.ProcessList);
    }

    private static async Task ForgetAsync(HttpContext context, CommandRegistry commands)
    {
        Command command = Find(context, commands);
        if (!command.HasEnded)
        {
            throw new ApiException(ErrorCodes.ProcessRunning, $"'{command.Id}' is still running. Stop it first.");
        }

        commands.Remove(command);
        await Responses.NoContent(context);
    }

    private static Task ForgetEndedAsync(HttpContext context, CommandRegistry commands)
    {
        foreach (Command command in commands.All().Where(command => command.Kind == ProcessKind.Process && command.HasEnded))
        {
            commands.Remove(command);
        }

        return Responses.NoContent(context);
    }

    private static async Task WriteInputAsync(HttpContext context, Command command)
    {
        if (command.HasEnded)
        {
            throw Ended(command);
        }

        if (command.Input is null)
        {
            throw new ApiException(ErrorCodes.InvalidRequest, $"'{command.Id}' was started without open input, so it accepts no input.");
        }

        await command.Input.CopyFromAsync(context.Request.BodyReader, context.QueryFlag("end", true), context.RequestAborted);
        await Responses.NoContent(context);
    }

    private static async Task SignalAsync(HttpContext context, CommandRegistry commands)
    {
        Signal signal = await ReadSignalAsync(context);
        Command command = Find(context, commands);
        if (command.HasEnded || command.Runner is not { } runner)
        {
            throw Ended(command);
        }

        Signal(command, runner, signal);
        await Responses.NoContent(context);
    }

    private static async Task SignalAllAsync(HttpContext context, CommandRegistry commands)
    {
        Signal signal = await ReadSignalAsync(context);
        List<(Command Process, ICommandRunner Runner)> running = [.. commands.All()
            .Where(command => command.Kind == ProcessKind.Process && !command.HasEnded)
            .Select(command => (command, command.Runner!)).Where(pair => pair.Item2 is not null)];
        if (signal == Linux.Signal.KILL)
        {
            Session.KillAll(running.Select(pair => pair.Runner).OfType<Session>(), StopReason.Cancelled);
        }
        else
        {
            foreach ((Command process, ICommandRunner runner) in running)
            {
                Signal(process, runner, signal);
            }
        }

        await Responses.NoContent(context);
    }

    private static async Task ReadOutputAsync(HttpContext context, Command command)
    {
        string? place = context.Request.Query["from"] is [string asked] ? asked : context.Request.Headers["Last-Event-ID"];
        OutputCursor from = default;
        if (place is not null and not "end" && !OutputCursor.TryParse(place, out from))
        {
            throw new ApiException(
                ErrorCodes.InvalidRequest, $"'from' is '{place}'. Use 'end' or two numbers of bytes, of standard output and standard error: '12,34'.");
        }

        bool follow = context.QueryFlag("follow");
        context.Response.Headers[ApiHeaders.ProcessId] = command.Id;
        using OutputLogReader reader = command.Output.OpenReader(place == "end" ? null : from);
        await CommandStream.WriteAsync(context, reader, follow);
    }

    private static async Task<Signal> ReadSignalAsync(HttpContext context)
    {
        string name = (await JsonBody.ReadAsync(context, ProtocolJson.Default.SignalRequest)).Signal ?? "";
        string plain = name.StartsWith("SIG", StringComparison.Ordinal) ? name[3..] : name;
        return Enum.GetNames<Signal>().Contains(plain)
            ? Enum.Parse<Signal>(plain)
            : throw new ApiException(ErrorCodes.InvalidRequest, $"'{name}' is not a signal. Use one of {string.Join(", ", Enum.GetNames<Signal>())}.");
    }

    private static void Signal(Command command, ICommandRunner runner, Signal signal)
    {
        if (signal is Linux.Signal.INT or Linux.Signal.TERM or Linux.Signal.KILL)
        {
            runner.Stop(command, StopReason.Cancelled, signal);
        }
        else
        {
            runner.Send(command, signal);
        }
    }

    private static ApiException Ended(Command command) => new(ErrorCodes.ProcessEnded, $"'{command.Id}' has ended.");
}
