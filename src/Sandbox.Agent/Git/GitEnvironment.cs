using System.Globalization;
using System.Text;
using Sandbox.Protocol;

namespace Sandbox.Agent.Git;

/// <summary>The environment of git: the session's, without prompts and without references to other repositories, and with access to the credential.</summary>
internal sealed class GitEnvironment
{
    /// <summary>The descriptor from which git's credential helper reads.</summary>
    public const int CredentialDescriptor = 3;

    private const string CountName = "GIT_CONFIG_COUNT";
    private const int MaximumCredential = 16 * 1024;

    // The secret is on no command line, in no environment, file or configuration: it goes through a pipe, once, and only to the server it is for.
    private const string Helper = "!f() { test \"$1\" = get && cat <&3; }; f";

    private static readonly string[] Unwanted =
        ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY", "GIT_ALTERNATE_OBJECT_DIRECTORIES", "GIT_NAMESPACE", "GIT_CURL_VERBOSE"];

    private GitEnvironment(Dictionary<string, string> environment, byte[]? credential) => (Environment, Credential) = (environment, credential);

    public IReadOnlyDictionary<string, string> Environment { get; }

    /// <summary>The credential in git's format, see gitcredentials(7) and git-credential(1).</summary>
    public byte[]? Credential { get; }

    /// <exception cref="ApiException"><see cref="ErrorCodes.InvalidRequest"/>: git cannot take the credential.</exception>
    public static GitEnvironment Of(IReadOnlyDictionary<string, string> variables, RepositoryAddress address)
    {
        Dictionary<string, string> environment = new(
            variables.Where(pair => !Unwanted.Contains(pair.Key) && !pair.Key.StartsWith("GIT_TRACE", StringComparison.Ordinal)))
        {
            ["LC_ALL"] = "C",
            ["GIT_TERMINAL_PROMPT"] = "0",
            ["GIT_ASKPASS"] = "",
        };
        if (address.Password is null)
        {
            return new(environment, null);
        }

        // An empty helper removes those configured before: none of them may store the credential.
        Configure(environment, "credential.helper", "");
        Configure(environment, $"credential.{address.Server}.helper", Helper);
        return new(environment, ToBytes(address.UserName ?? "", address.Password));
    }

    private static byte[] ToBytes(string userName, string password)
    {
        byte[] bytes = Encoding.UTF8.GetBytes($"username={userName}\npassword={password}\n");
        return (userName + password).AsSpan().ContainsAny("\r\n\0") || bytes.Length > MaximumCredential
            ? throw new ApiException(ErrorCodes.InvalidRequest, "The user name and password are too long or contain a line break.")
            : bytes;
    }

    private static void Configure(Dictionary<string, string> environment, string key, string value)
    {
        _ = int.TryParse(environment.GetValueOrDefault(CountName), CultureInfo.InvariantCulture, out int count);
        environment[$"GIT_CONFIG_KEY_{count}"] = key;
        environment[$"GIT_CONFIG_VALUE_{count}"] = value;
        environment[CountName] = (count + 1).ToString(CultureInfo.InvariantCulture);
    }
}
