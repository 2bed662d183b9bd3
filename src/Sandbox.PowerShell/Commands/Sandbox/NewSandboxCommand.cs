using System.Collections;
using System.Management.Automation;
using Sandbox.Client;
using Sandbox.Protocol;

namespace Sandbox.Commands;

/// <summary>Creates sandboxes.</summary>
[Cmdlet(VerbsCommon.New, "Sandbox", SupportsShouldProcess = true)]
[OutputType(typeof(SandboxInstance))]
public sealed class NewSandboxCommand : SandboxCommandBase
{
    /// <summary>The ids; one is generated when left out. Several sandboxes are created in parallel.</summary>
    [Parameter(Position = 0, HelpMessage = "The ids of the new sandboxes.")]
    [ValidateNotNullOrEmpty]
    public string[]? Id { get; set; }

    /// <summary>Variables for everything in the sandbox. A SecureString is kept as a secret; null is skipped.</summary>
    [Parameter(HelpMessage = "Environment variables of the sandbox.")]
    [ValidateNotNull]
    public IDictionary? Environment { get; set; }

    /// <summary>Labels: text by name, to find sandboxes by.</summary>
    [Parameter(HelpMessage = "Labels: a table of text by name.")]
    [ValidateNotNull]
    public IDictionary? Label { get; set; }

    /// <summary>The network. Default: the best that the host supports.</summary>
    [Parameter(HelpMessage = "The network: None, Internet or Host.")]
    [ValidateSet("None", "Internet", "Host")]
    public string? Network { get; set; }

    /// <summary>The image to start from, where the engine has images.</summary>
    [Parameter(HelpMessage = "The image to start from.")]
    [ValidateNotNullOrEmpty]
    public string? Image { get; set; }

    /// <summary>The sandbox engine. Default: the choice of the server.</summary>
    [Parameter(HelpMessage = "The engine that runs the sandbox.")]
    [ValidateNotNullOrEmpty]
    public string? Engine { get; set; }

    /// <summary>How much memory it may use, in bytes: <c>512MB</c>.</summary>
    [Parameter(HelpMessage = "Memory limit in bytes, such as 512MB.")]
    [ValidateRange(1, long.MaxValue)]
    public long? MemoryLimit { get; set; }

    /// <summary>How many bytes its files may have: <c>2GB</c>.</summary>
    [Parameter(HelpMessage = "Disk limit in bytes, such as 2GB.")]
    [ValidateRange(1, long.MaxValue)]
    public long? DiskLimit { get; set; }

    /// <summary>CPU limit in processors: 0.5 is half of one.</summary>
    [Parameter(HelpMessage = "CPU limit in processors, such as 0.5.")]
    [ValidateRange(0.001, 65_536)]
    public double? CpuLimit { get; set; }

    /// <summary>Maximum number of processes and threads. Default: 4096 where the host can limit them.</summary>
    [Parameter(HelpMessage = "Maximum number of processes and threads. Default: 4096 where the host can limit them.")]
    [ValidateRange(1, long.MaxValue)]
    public long? ProcessLimit { get; set; }

    /// <summary>Limits of the retained output of its commands and processes: a table of BytesPerCommand, Commands, Bytes, AgeSeconds.</summary>
    [Parameter(HelpMessage = "Retention limits for the output of commands and processes.")]
    [ValidateNotNull]
    public SandboxRetention? Retention { get; set; }

    /// <summary>Seconds, or a TimeSpan, without use after which its processes end; the next use starts it again.</summary>
    [Parameter(HelpMessage = "Idle seconds, or a TimeSpan, after which the sandbox is stopped.")]
    [SecondsTransformation]
    [ValidateRange(Seconds.Shortest, Seconds.Longest)]
    public double? SleepAfterSeconds { get; set; }

    /// <summary>Removes the sandbox when this process exits.</summary>
    [Parameter(HelpMessage = "Removes the sandbox when this process exits.")]
    public SwitchParameter Temporary { get; set; }

    /// <summary>Fails if this host does not give an isolation feature, see <c>Test-SandboxServer isolation*</c>.</summary>
    [Parameter(HelpMessage = "Fails if the host does not give an isolation feature.")]
    public SwitchParameter RequireIsolation { get; set; }

    /// <summary>The server: an address, or an object. Default: the connected server.</summary>
    [Parameter(HelpMessage = "The server: an address or an object.")]
    [ServerTransformation]
    [ValidateNotNullOrEmpty]
    public string? Server { get; set; }

    /// <summary>Creates a session <c>default</c>, used by commands without <c>-Session</c>.</summary>
    [Parameter(HelpMessage = "Creates the session 'default', which commands use unless they specify a session.")]
    public SwitchParameter DefaultSession { get; set; }

    /// <summary>Maximum number of sandboxes created at once.</summary>
    [Parameter(HelpMessage = "Maximum number of sandboxes created at once.")]
    [ValidateRange(1, int.MaxValue)]
    public int ThrottleLimit { get; set; } = 32;

    /// <inheritdoc />
    protected override void ProcessRecord()
    {
        SandboxCreateRequest request = CreateRequest();
        SandboxClient? client = null;
        using PipelinePump pump = new(this, ThrottleLimit);
        foreach (string? id in Id ?? new string?[] { null })
        {
            if (ShouldProcess(id ?? "a new sandbox", "Create sandbox"))
            {
                client ??= ClientOf(Server);
                pump.Start(token => CreateAsync(client, request with { Id = id }, pump, token));
            }
        }

        pump.DrainAll();
    }

    private SandboxCreateRequest CreateRequest()
    {
        EnvironmentMap environment = ReadEnvironment(Environment);
        bool isLimited = MemoryLimit is not null || ProcessLimit is not null || CpuLimit is not null || DiskLimit is not null;
        return new()
        {
            Env = environment.Plain,
            SecretEnv = environment.Secret,
            Labels = Label?.Cast<DictionaryEntry>().ToDictionary(entry => $"{entry.Key}", entry => $"{entry.Value}"),
            Network = Network?.ToLowerInvariant(),
            Image = Image,
            Engine = Engine,
            Limits = isLimited ? new() { MemoryBytes = MemoryLimit, Processes = ProcessLimit, Cpus = CpuLimit, DiskBytes = DiskLimit } : null,
            Retention = Retention?.ToWire(),
            SleepAfter = SleepAfterSeconds,
            Temporary = Temporary,
            DefaultSession = DefaultSession,
            RequireIsolation = RequireIsolation,
        };
    }

    private async Task CreateAsync(SandboxClient client, SandboxCreateRequest request, PipelinePump pump, CancellationToken cancellationToken)
    {
        try
        {
            SandboxInfo made = await client.CreateSandboxAsync(request, cancellationToken);
            Warn(made.Warnings);
            await pump.PostAsync(() => WriteObject(new SandboxInstance(made, client.Server)));
        }
        catch (Exception e) when (Errors.IsExpected(e))
        {
            await pump.PostAsync(() => Report(e, request.Id));
        }
    }
}
