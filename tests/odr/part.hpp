// SPDX-License-Identifier: MIT
/// What a part of the program found out.
#pragma once

struct outcome {
    unsigned sum = 0;
    bool caught = false;   ///< the host function's exception became an error
    unsigned returned = 0; ///< what it returned where it could not throw
};
