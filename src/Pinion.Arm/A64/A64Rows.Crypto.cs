namespace Pinion.Arm.A64;

internal static partial class A64Rows
{
    /// <summary>Cryptographic instructions.</summary>
    internal static ReadOnlySpan<byte> Crypto =>
        """
        # Cryptographic AES
        Aese       aese       0100111000101000010010nnnnnddddd  Aes     Vd.16b, Vn.16b
        Aesd       aesd       0100111000101000010110nnnnnddddd  Aes     Vd.16b, Vn.16b
        Aesmc      aesmc      0100111000101000011010nnnnnddddd  Aes     Vd.16b, Vn.16b
        Aesimc     aesimc     0100111000101000011110nnnnnddddd  Aes     Vd.16b, Vn.16b
        # Cryptographic three-register SHA
        Sha1c      sha1c      01011110000mmmmm000000nnnnnddddd  Sha1    Qd, Sn, Vm.4s
        Sha1p      sha1p      01011110000mmmmm000100nnnnnddddd  Sha1    Qd, Sn, Vm.4s
        Sha1m      sha1m      01011110000mmmmm001000nnnnnddddd  Sha1    Qd, Sn, Vm.4s
        Sha1su0    sha1su0    01011110000mmmmm001100nnnnnddddd  Sha1    Vd.4s, Vn.4s, Vm.4s
        Sha256h    sha256h    01011110000mmmmm010000nnnnnddddd  Sha256  Qd, Qn, Vm.4s
        Sha256h2   sha256h2   01011110000mmmmm010100nnnnnddddd  Sha256  Qd, Qn, Vm.4s
        Sha256su1  sha256su1  01011110000mmmmm011000nnnnnddddd  Sha256  Vd.4s, Vn.4s, Vm.4s
        # Cryptographic two-register SHA
        Sha1h      sha1h      0101111000101000000010nnnnnddddd  Sha1    Sd, Sn
        Sha1su1    sha1su1    0101111000101000000110nnnnnddddd  Sha1    Vd.4s, Vn.4s
        Sha256su0  sha256su0  0101111000101000001010nnnnnddddd  Sha256  Vd.4s, Vn.4s
        """u8;
}
