// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import Glibc
import Testing

@Suite struct OpenFileLimitTests {
    /// Runs in a process of its own, because the limit belongs to the process.
    @Test func `The limit is raised as far as it may be`() async {
        await #expect(processExitsWith: .success) {
            let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
            var limit = rlimit()
            getrlimit(resource, &limit)
            limit.rlim_cur = 100
            setrlimit(resource, &limit)
            #expect(OpenFileLimit.files == 100)
            OpenFileLimit.raise()
            #expect(OpenFileLimit.files == Int(clamping: limit.rlim_max))
        }
    }

    @Test(arguments: [(20_000, 1987), (1024, 89), (256, 12), (138, 1), (48, 1)])
    func `A limit leaves room for so many images, and for one at least`(files: Int, images: Int) {
        #expect(OpenFileLimit.imagesMax(files: files) == images)
        if images > 1 { #expect(OpenFileLimit.files(forImages: images) <= files) }
    }

    @Test func `Too few files for one image are refused with the limit`() {
        #expect(throws: Never.self) {
            try OpenFileLimit.expectEnough(files: OpenFileLimit.filesMin)
        }
        let error = #expect(throws: TranshipError.self) {
            try OpenFileLimit.expectEnough(files: 24)
        }
        #expect(error?.message.contains("may have 24 files") == true)
        #expect(error?.hint?.contains("ulimit -n") == true)
    }

    @Test func `No limit leaves room for all`() {
        #expect(OpenFileLimit.imagesMax(files: .max) > 1000)
    }
}
