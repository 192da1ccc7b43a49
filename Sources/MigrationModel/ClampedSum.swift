// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

extension Int64 {
    /// The sum, or the largest number where it does not fit: a source may claim any
    /// size, and a sum of such sizes must not stop the process.
    package func clampedSum(_ other: Int64) -> Int64 {
        let (sum, overflows) = addingReportingOverflow(other)
        return overflows ? .max : sum
    }
}
