using System.Collections.Concurrent;
using System.Management.Automation;
using System.Management.Automation.Runspaces;

namespace Sandbox;

/// <summary>The jobs of one runspace, where the engine's own job cmdlets find them. They end with the runspace.</summary>
/// <remarks>The engine makes one for each runspace that imports the module.</remarks>
public sealed class SandboxJobSourceAdapter : JobSourceAdapter
{
    private const string Job = "Job";

    private readonly ConcurrentDictionary<Guid, SandboxJob> _jobs = new();
    private Runspace? _runspace;

    /// <summary>Creates it without jobs.</summary>
    public SandboxJobSourceAdapter() => Name = nameof(SandboxJobSourceAdapter);

    /// <summary>Lets a job be found.</summary>
    internal static void Register(SandboxJob job, JobManager manager) => manager.NewJob(
        new JobInvocationInfo(new JobDefinition(typeof(SandboxJobSourceAdapter), job.Command, job.Name), new Dictionary<string, object> { [Job] = job }));

    /// <inheritdoc />
    public override Job2 NewJob(JobInvocationInfo specification)
    {
        if (specification.Parameters is not [[{ Value: SandboxJob job }]])
        {
            throw new PSNotSupportedException("Invoke-SandboxCommand -AsJob creates jobs of this type.");
        }

        if (_runspace is null && Runspace.DefaultRunspace is { } runspace)
        {
            _runspace = runspace;
            runspace.StateChanged += OnRunspaceChanged;
        }

        _jobs[job.InstanceId] = job;
        return job;
    }

    /// <inheritdoc />
    public override IList<Job2> GetJobs() => Find(_ => true, recurse: false);

    /// <inheritdoc />
    public override IList<Job2> GetJobsByName(string name, bool recurse) => FindLike(name, job => job.Name, recurse);

    /// <inheritdoc />
    public override IList<Job2> GetJobsByCommand(string command, bool recurse) => FindLike(command, job => job.Command, recurse);

    /// <inheritdoc />
    public override IList<Job2> GetJobsByState(JobState state, bool recurse) => Find(job => job.JobStateInfo.State == state, recurse);

    /// <inheritdoc />
    public override IList<Job2> GetJobsByFilter(Dictionary<string, object> filter, bool recurse) => Find(
        job => filter.All(item => LanguagePrimitives.Equals(PSObject.AsPSObject(job).Properties[item.Key]?.Value, item.Value, ignoreCase: true)), recurse);

    /// <inheritdoc />
    public override Job2? GetJobBySessionId(int id, bool recurse) => Find(job => job.Id == id, recurse).FirstOrDefault();

    /// <inheritdoc />
    public override Job2? GetJobByInstanceId(Guid instanceId, bool recurse) =>
        // Never a child: what this finds, Remove-Job removes, and a child cannot go alone.
        _jobs.GetValueOrDefault(instanceId);

    /// <inheritdoc />
    public override void RemoveJob(Job2 job) => _jobs.TryRemove(job.InstanceId, out _);

    private IList<Job2> FindLike(string pattern, Func<Job2, string> text, bool recurse)
    {
        WildcardPattern wildcard = new(pattern, WildcardOptions.IgnoreCase);
        return Find(job => wildcard.IsMatch(text(job)), recurse);
    }

    private IList<Job2> Find(Func<Job2, bool> isWanted, bool recurse) =>
        [.. _jobs.Values.SelectMany(job => recurse ? job.ChildJobs.Prepend(job) : [job]).Cast<Job2>().Where(isWanted).OrderBy(job => job.Id)];

    private void OnRunspaceChanged(object? sender, RunspaceStateEventArgs e)
    {
        if (e.RunspaceStateInfo.State is RunspaceState.Closing or RunspaceState.Closed or RunspaceState.Broken)
        {
            // Wait: the process may exit right afterwards, before the stop requests are sent.
            Task.WhenAll(_jobs.Values.Select(job => job.StopAsync())).GetAwaiter().GetResult();
        }
    }
}
