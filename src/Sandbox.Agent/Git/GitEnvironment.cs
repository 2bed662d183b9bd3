using System.Globalization;
using System.Text;
using Sandbox.Protocol;

namespace Sandbox.Agent.Git;

/// <summary>The environment git runs with: the session's, but that nothing is asked at a terminal, no other repository is meant, and a credential is found.</summary>
internal sealed class GitEnvironment
{
    /// <summary>The descriptor that git's children find the credential under.</summary>
    public const int CredentialDescriptor = 3;

    private const string CountName = "GIT_CONFIG_COUNT";
    private const int LongestCredential = 16 * 1024;

    // Neither the command line nor the environment, a file or the repository's configuration has the secret: it goes through a pipe, once, and only to the server it is for.
    private const string Helper = "!f() { test \"$1\" = get && cat <&3; }; f";

    private static readonly string[] Unwanted = ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY", "GIT_ALTERNATE_OBJECT_DIRECTORIES", "GIT_NAMESPACE", "GIT_CURL_VERBOSE"];

    private GitEnvironment(Dictionary<string, string> environment, byte[]? credential) => (Environment, Credential) = (environment, credential);

    /// <summary>The environment.</summary>
    public IReadOnlyDictionary<string, string> Environment { get; }

    /// <summary>What git asks for, in the form that it reads; see gitcredentials(7), git-credential(1).</summary>
    public byte[]? Credential { get; }

    /// <summary>Makes the settings.</summary>
    /// <param name="variables">The session's variables.</param>
    /// <param name="address">The repository.</param>
    /// <exception cref="ApiException"><see cref="ErrorCodes.InvalidRequest"/>: the credential is none that git could be told.</exception>
    public static GitEnvironment Of(IReadOnlyDictionary<string, string> variables, RepositoryAddress address)
    {
        Dictionary<string, string> environment = new(variables.Where(pair => !Unwanted.Contains(pair.Key) && !pair.Key.StartsWith("GIT_TRACE", StringComparison.Ordinal)))
        {
            ["LC_ALL"] = "C",
            ["GIT_TERMINAL_PROMPT"] = "0",
            ["GIT_ASKPASS"] = "",
        };
        if (address.Password is null)
        {
            return new(environment, null);
        }

        // An empty helper is the end of those named before: none of them is to keep what it is told.
        Configure(environment, "credential.helper", "");
        Configure(environment, $"credential.{address.Server}.helper", Helper);
        return new(environment, ToBytes(address.UserName ?? "", address.Password));
    }

    private static byte[] ToBytes(string userName, string password)
    {
        byte[] bytes = Encoding.UTF8.GetBytes($"username={userName}\npassword={password}\n");
        return (userName + password).AsSpan().ContainsAny("\r\n\0") || bytes.Length > LongestCredential
            ? throw new ApiException(ErrorCodes.InvalidRequest, "A name and a password have no line breaks, and not this many characters.")
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
