using Sandbox.Protocol;

namespace Sandbox.Server.Sandboxes;

/// <summary>Validates requests for new sandboxes.</summary>
internal static class CreateRequestValidator
{
    private const int MaxLabels = 64;
    private const int MaxLabelNameLength = 128;
    private const int MaxLabelValueLength = 1024;

    /// <summary>Validates a request, except its engine and limits.</summary>
    /// <exception cref="ApiException">It is malformed, or needs what this release does not support.</exception>
    public static void Validate(SandboxCreateRequest request)
    {
        RequestFields.RejectUnknownFields(request.Unknown);
        (string Name, bool Given)[] unsupported = [("image", request.Image is not null), ("sleepAfter", request.SleepAfter is not null)];
        foreach ((string name, _) in unsupported.Where(field => field.Given))
        {
            throw RequestFields.Unsupported(name);
        }

        if (request.Network is { } network && !SandboxNetworks.All.Contains(network))
        {
            throw new ApiException(ErrorCodes.Unsupported, $"'network' has an unknown value. The values are: {string.Join(", ", SandboxNetworks.All)}.");
        }

        if (request.Id is not null)
        {
            Identifier.Require(request.Id, "sandbox");
        }

        VariableName.RequireAll(request.Env);
        VariableName.RequireAll(request.SecretEnv);
        RequireLabels(request.Labels ?? []);
        request.Retention?.Require();
    }

    /// <summary>Returns the configuration for the agent of the new sandbox.</summary>
    public static AgentConfiguration ConfigurationOf(SandboxCreateRequest request) => new()
    {
        Env = WithoutNulls(request.Env),
        SecretEnv = WithoutNulls(request.SecretEnv),
        DefaultSession = request.DefaultSession,
        Retention = request.Retention,
    };

    private static void RequireLabels(Dictionary<string, string> labels)
    {
        if (labels.Count > MaxLabels)
        {
            throw Invalid($"A sandbox may have {MaxLabels} labels, not {labels.Count}.");
        }

        foreach ((string name, string? value) in labels)
        {
            if (name.Length is 0 or > MaxLabelNameLength || !name.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '_' or '-' or '/'))
            {
                throw Invalid($"A label's name must have 1 to {MaxLabelNameLength} letters, digits, '.', '_', '-' or '/'; one of the names does not.");
            }

            if (value is null || value.Length > MaxLabelValueLength || value.Any(char.IsControl))
            {
                throw Invalid($"The label '{name}' needs a value of at most {MaxLabelValueLength} characters, without control characters.");
            }
        }
    }

    private static Dictionary<string, string?>? WithoutNulls(Dictionary<string, string?>? variables) =>
        variables?.Where(variable => variable.Value is not null).ToDictionary();

    private static ApiException Invalid(string message) => new(ErrorCodes.InvalidRequest, message);
}
