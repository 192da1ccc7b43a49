// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

/// The formats of the Image service. Its operator may add others.
package enum FormatNames {
    package static let disk = [
        "aki", "ami", "ari", "gpt", "iso", "ploop", "qcow2", "raw", "vdi", "vhd", "vhdx", "vmdk",
    ]

    package static let container = [
        "aki", "ami", "ari", "bare", "compressed", "docker", "ova", "ovf",
    ]
}
