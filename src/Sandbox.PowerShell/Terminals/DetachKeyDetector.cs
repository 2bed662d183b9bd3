using System.Text;

namespace Sandbox;

/// <summary>Finds the keys that leave a terminal among what is typed. Printable ones count at the beginning of a line only, as in ssh, and the first of them
/// typed twice is sent once;
/// a single control character counts everywhere.</summary>
/// <param name="keys">The keys; empty for none.</param>
internal sealed class DetachKeyDetector(string keys)
{
    private readonly byte[] _keys = Encoding.UTF8.GetBytes(keys);
    private readonly bool _isControl = keys.Length == 1 && char.IsControl(keys[0]);
    private int _matched;
    private bool _isLineStart = true;

    /// <summary>Takes what is typed.</summary>
    /// <param name="typed">What is typed.</param>
    /// <param name="passed">Gets what is to be sent.</param>
    /// <returns>Whether the key sequence was found; input after it is ignored.</returns>
    public bool Take(ReadOnlySpan<byte> typed, List<byte> passed)
    {
        foreach (byte key in typed)
        {
            if (Continues(key))
            {
                if (++_matched == _keys.Length)
                {
                    return true;
                }

                continue;
            }

            // Not the key sequence after all: send the pending keys. The first key typed twice is sent once.
            bool isDoubled = _matched == 1 && key == _keys[0];
            passed.AddRange(_keys.AsSpan(0, _matched));
            _matched = 0;
            if (isDoubled)
            {
                _isLineStart = false;
                continue;
            }

            passed.Add(key);
            _isLineStart = key is (byte)'\r' or (byte)'\n';
        }

        return false;
    }

    private bool Continues(byte key) =>
        _matched < _keys.Length && key == _keys[_matched] && (_matched > 0 || _isControl || _isLineStart);
}
