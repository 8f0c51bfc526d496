;; A mod of examples/game: it says that it is there, and then never ends.
(module
  (import "meadow" "say" (func $say (param i32 i32)))
  (memory (export "memory") 1)
  (data (i32.const 16) "I am busy")
  (global $said (mut i32) (i32.const 0))
  (func (export "begin") (param $number i32) (param $seed i32))
  (func (export "tick") (param $frame i32)
    (if (i32.eqz (global.get $said)) (then (global.set $said (i32.const 1)) (call $say (i32.const 16) (i32.const 9))))
    (loop $for_ever (br $for_ever))))
