using System.Collections;
using System.Management.Automation;
using Sandbox.Protocol;

namespace Sandbox.Commands;

/// <summary>Starts processes in the background of sandboxes, with the directory and variables of a session where one is named.</summary>
[Cmdlet(VerbsLifecycle.Start, "SandboxProcess", SupportsShouldProcess = true, DefaultParameterSetName = "Command")]
[OutputType(typeof(SandboxProcess))]
public sealed class StartSandboxProcessCommand : SandboxSessionCommandBase
{
    /// <summary>Text for the sandbox's shell. Line ends of Windows become those of Linux.</summary>
    [Parameter(Mandatory = true, Position = 0, ParameterSetName = "Command", HelpMessage = "A command line for the shell of the sandbox.")]
    [ValidateNotNullOrEmpty]
    public string Command { get; set; } = "";

    /// <summary>The program to run, without a shell.</summary>
    [Parameter(Mandatory = true, ParameterSetName = "Program", HelpMessage = "The program to run.")]
    [ValidateNotNullOrEmpty]
    public string FilePath { get; set; } = "";

    /// <summary>The program's arguments, taken literally.</summary>
    [Parameter(ParameterSetName = "Program", HelpMessage = "The arguments of the program, passed literally.")]
    [ValidateNotNull]
    [AllowEmptyCollection]
    [AllowEmptyString]
    [Alias("Args")]
    public string[] ArgumentList { get; set; } = [];

    /// <summary>The process's id; generated when left out.</summary>
    [Parameter(HelpMessage = "The id of the process.")]
    [ValidateNotNullOrEmpty]
    public string? Id { get; set; }

    /// <summary>The working directory, relative to that of the session. It must exist.</summary>
    [Parameter(HelpMessage = "The working directory.")]
    [ValidateNotNullOrEmpty]
    public string? WorkingDirectory { get; set; }

    /// <summary>Variables of this process alone. A SecureString is sent as a secret; null unsets.</summary>
    [Parameter(HelpMessage = "Environment variables of the process.")]
    [ValidateNotNull]
    public IDictionary? Environment { get; set; }

    /// <summary>Seconds, or a TimeSpan, after which it is stopped. Default: no limit.</summary>
    [Parameter(HelpMessage = "Timeout in seconds, or a TimeSpan, after which the process is stopped.")]
    [SecondsTransformation]
    [ValidateRange(Seconds.Shortest, Seconds.Longest)]
    [Alias("TimeoutSec")]
    public double? TimeoutSeconds { get; set; }

    /// <summary>Keeps standard input open for <c>Send-SandboxProcessInput</c>; otherwise it is empty.</summary>
    [Parameter(HelpMessage = "Keeps standard input open for Send-SandboxProcessInput.")]
    public SwitchParameter OpenInput { get; set; }

    /// <inheritdoc />
    protected override void ProcessRecord()
    {
        EnvironmentMap environment = ReadEnvironment(Environment);
        bool isText = ParameterSetName == "Command";
        ExecRequest request = new()
        {
            Command = isText ? CommandText.Normalize(Command) : null,
            Argv = isText ? null : [FilePath, .. ArgumentList],
            Cwd = WorkingDirectory,
            Env = environment.Plain,
            SecretEnv = environment.Secret,
            TimeoutMs = Seconds.ToMilliseconds(TimeoutSeconds),
            StdinOpen = OpenInput,
        };
        foreach (SandboxTarget target in Targets)
        {
            string id = Id ?? Identifier.Generate();
            if (ShouldProcess(target.ToString(), $"Start '{request.Command ?? string.Join(' ', request.Argv ?? [])}'")
                && TryInvoke(Id is null ? target.ToString() : $"{target.SandboxId}/{id}",
                    token => target.UseAsync(sandbox => sandbox.Process(id).StartAsync(request, token), token), out ProcessInfo? started))
            {
                WriteObject(new SandboxProcess(started, target.Sandbox));
            }
        }
    }
}
